import type { Variables } from '../variables/variables.ts';

/** What running `list spiders` on a project found. */
export interface EggContents {
  settingsModule: string;
  spiders: string[];
  scripts: string[];
  /** The stack that they were listed on and shall run on; null when there is no word for it. */
  stack?: string | null;
}

export interface EggToInspect {
  /** Whose code it is; null for a project that is only made when the egg is good. */
  project: number | null;
  eggPath: string;
  extraEggPaths: string[];
  requirements: string | null;
  /** As the deploy names it; null when it names none. */
  stack: string | null;
  /** What the project had so far, for a deploy that names none. */
  keptStack?: string | null;
  /** What the project's modules find in their environment. Secrets among them show in no line and no error. */
  variables?: Variables;
}

/** Imports a customer's project in a limited child process. Throws `invalid` with the tail of its output,
 * and for a stack that there is not. */
export interface EggInspector {
  /** `log` receives progress lines for the person who deploys. */
  inspect(egg: EggToInspect, log: (line: string) => void): Promise<EggContents>;
}
