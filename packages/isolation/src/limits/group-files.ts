import type { Controller } from './hierarchies.ts';
import type { Allowance } from './unit.ts';

/** A file of a control group and what is written to it. */
export interface GroupFile {
  name: string;
  value: string;
  /** Not every kernel has it: swap may not be counted, say. */
  optional?: true;
}

const CPU_PERIOD_US = 100_000;
/** Weight of one unit: what a group has by itself, in v1 and v2. */
const SHARES = 1024;
const WEIGHT = 100;
const MAX_WEIGHT = 10_000;

/**
 * What makes a group hold an allowance, in the order of writing. `memory.oom.group` stays off, as v1 has no such thing:
 * the kernel then ends the largest process, so that a crawl outlives a browser that took too much.
 */
export function groupFiles(version: 1 | 2, controller: Controller, allowance: Allowance): GroupFile[] {
  const { memoryBytes, processes, cpus, units } = allowance;
  if (controller === 'pids')
    return processes === null ? [] : [{ name: 'pids.max', value: String(processes) }];
  if (controller === 'memory') return memoryBytes === null ? [] : memoryFiles(version, String(memoryBytes));
  const quota = cpus === null ? null : Math.max(1000, Math.round(cpus * CPU_PERIOD_US));
  return [weight(version, units), ...(quota === null ? [] : quotaFiles(version, quota))];
}

function memoryFiles(version: 1 | 2, bytes: string): GroupFile[] {
  if (version === 2)
    return [
      { name: 'memory.max', value: bytes },
      { name: 'memory.swap.max', value: '0', optional: true },
    ];
  return [
    { name: 'memory.limit_in_bytes', value: bytes },
    { name: 'memory.memsw.limit_in_bytes', value: bytes, optional: true },
  ];
}

/** Beside what else wants to compute, as much as so many groups of one unit. */
export function weight(version: 1 | 2, units: number): GroupFile {
  return version === 2
    ? { name: 'cpu.weight', value: String(Math.min(MAX_WEIGHT, Math.round(units * WEIGHT))) }
    : { name: 'cpu.shares', value: String(Math.round(units * SHARES)) };
}

function quotaFiles(version: 1 | 2, quotaUs: number): GroupFile[] {
  if (version === 2) return [{ name: 'cpu.max', value: `${quotaUs} ${CPU_PERIOD_US}` }];
  return [
    { name: 'cpu.cfs_period_us', value: String(CPU_PERIOD_US) },
    { name: 'cpu.cfs_quota_us', value: String(quotaUs) },
  ];
}
