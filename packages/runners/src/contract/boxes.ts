import { join } from 'node:path';
import { type Boxing, createBoxing } from '@spiderhub/isolation';
import { LAUNCHER_DIR, requirePython } from './support.ts';

/** Boxes as the service makes them, for tests whose files lie below `home`. Throws where this machine allows none. */
export function boxingForTests(home: string): Promise<Boxing> {
  return createBoxing({
    setting: 'box',
    uidBase: 200_000,
    python: requirePython(),
    launcherDir: LAUNCHER_DIR,
    home,
    trialDir: join(home, 'trial'),
  });
}
