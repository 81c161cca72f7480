/** What one unit of a job allows. 0: no limit. */
export interface UnitLimits {
  memoryMb: number;
  /** Processes and threads at a time. */
  processes: number;
  diskMb: number;
  /** Cores at most. Without: a share by units, of what others leave. */
  cpus: number;
}

/** The units of Scrapy Cloud, and as many processes as a browser with some pages needs. */
export const DEFAULT_UNIT: UnitLimits = { memoryMb: 1024, processes: 256, diskMb: 2560, cpus: 0 };

/** Settings of a process of the service, as far as they say what a unit is. */
export interface UnitSettings {
  UNIT_MEMORY_MB: number;
  UNIT_PROCESSES: number;
  UNIT_DISK_MB: number;
  UNIT_CPUS: number;
}

export function unitLimits(settings: UnitSettings): UnitLimits {
  return {
    memoryMb: settings.UNIT_MEMORY_MB,
    processes: settings.UNIT_PROCESSES,
    diskMb: settings.UNIT_DISK_MB,
    cpus: settings.UNIT_CPUS,
  };
}

/** What a job, or a program run for a project, may use. Null: as much as there is. */
export interface Allowance {
  units: number;
  memoryBytes: number | null;
  processes: number | null;
  diskBytes: number | null;
  cpus: number | null;
}

const MB = 2 ** 20;

export function allowanceOf(unit: UnitLimits, units: number): Allowance {
  const times = (amount: number) => (amount > 0 ? amount * units : null);
  return {
    units,
    memoryBytes: times(unit.memoryMb * MB),
    processes: times(unit.processes),
    diskBytes: times(unit.diskMb * MB),
    cpus: times(unit.cpus),
  };
}
