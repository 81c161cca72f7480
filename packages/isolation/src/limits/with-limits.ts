import type { Boxing } from '../boxing.ts';
import type { BoxDescription } from '../description.ts';
import type { Limiting } from './limiting.ts';

/** Boxes whose programs are held to limits, and whose report says how far limits hold. Crawls get theirs from their runner. */
export function withLimits(boxing: Boxing, limiting: Limiting): Boxing {
  const { report } = boxing;
  const ownUsers = report.level === 'box' && process.getuid?.() !== 0;
  return {
    ...boxing,
    report: { ...report, missing: [...report.missing, ...limiting.missing({ ownUsers })] },
    ofCrawl: async (crawl) => counted(await boxing.ofCrawl(crawl), limiting),
    async ofProgram(program) {
      const box = await boxing.ofProgram(program);
      return box && counted({ ...box, ...(await limiting.ofProgram({ ownUsers: box.userns })) }, limiting);
    },
  };
}

/** Without a control group for memory, what belongs to no process would be counted by nobody: it is not to be had. */
function counted<B extends BoxDescription | null>(box: B, { holdsMemory }: Limiting): B {
  return box?.seccomp && !holdsMemory ? { ...box, seccomp: 'no-memory-cgroup' } : box;
}
