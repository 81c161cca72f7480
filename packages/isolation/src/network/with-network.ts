import type { Boxing } from '../boxing.ts';
import type { Guard } from './guard.ts';

/** Boxes whose crawls have the network that a guard gives them. Programs beside crawls keep theirs. */
export function withNetwork(boxing: Boxing, guard: Guard): Boxing {
  const { missing } = boxing.report;
  return {
    ...boxing,
    report: { ...boxing.report, network: guard.mode, missing: [...missing, ...guard.missing] },
    async ofCrawl(crawl) {
      const box = await boxing.ofCrawl(crawl);
      return box && { ...box, ...(await guard.ofCrawl(crawl.project)) };
    },
  };
}
