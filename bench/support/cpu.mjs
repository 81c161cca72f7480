import { readdirSync, readFileSync } from 'node:fs';

/** Linux counts processor time in hundredths of a second, whatever the kernel's own clock does. */
const MS_PER_TICK = 10;

/** Processor time that a process and its children have used so far, ms. Ended children are not counted. */
export function cpuMs(pid) {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
  const stats = new Map(all.map((one) => [one, statOf(one)]));
  const isOurs = (one) => one === pid || stats.get(one)?.parent === pid;
  return all.filter(isOurs).reduce((sum, one) => sum + (stats.get(one)?.ms ?? 0), 0);
}

function statOf(pid) {
  try {
    // Behind the name, which may hold anything: state, parent, …, and the 14th and 15th fields of the line.
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1).split(' ');
    return { parent: Number(fields[1]), ms: (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK };
  } catch {
    return undefined;
  }
}
