import { abandonedDirectories, tryToTake } from '../work-directory.ts';

/** Takes folders over whose worker does not come back: as long as their crawls live, nothing of them is lost. */
export interface Heirs {
  close(): void;
}

export interface HeirsOptions {
  /** Folder of all workers' folders. */
  root: string;
  /** A worker that is away for longer than one to two of these does not come back, ms. */
  everyMs: number;
  /** Looks after what is left in a folder; the folder is given back when that is over. */
  inherit: (path: string) => Promise<void>;
  onError: (error: unknown) => void;
}

export function createHeirs({ root, everyMs, inherit, onError }: HeirsOptions): Heirs {
  let suspects = new Set<string>();

  async function take(path: string): Promise<void> {
    const folder = await tryToTake(path);
    if (!folder) return;
    try {
      await inherit(path);
    } finally {
      await folder.release();
    }
  }

  async function look(): Promise<void> {
    const abandoned = await abandonedDirectories(root);
    for (const path of abandoned) if (suspects.has(path)) void take(path).catch(onError);
    suspects = new Set(abandoned);
  }

  const timer = setInterval(() => void look().catch(onError), everyMs);
  return { close: () => clearInterval(timer) };
}
