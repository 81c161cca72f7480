/** What running `list spiders` on a project found. */
export interface EggContents {
  settingsModule: string;
  spiders: string[];
  scripts: string[];
}

export interface EggToInspect {
  eggPath: string;
  extraEggPaths: string[];
  requirements: string | null;
}

/** Imports a customer's project in a limited child process. Throws `invalid` with the tail of its output. */
export interface EggInspector {
  /** `log` receives progress lines for the person who deploys. */
  inspect(egg: EggToInspect, log: (line: string) => void): Promise<EggContents>;
}
