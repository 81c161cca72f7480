const { join } = require('node:path');

const APPS = join(__dirname, '../../apps');

/** Which programs a test starts. `app` stands for both services in the helpers that start either. */
const STARTED = /apps\/(api|cli|worker)\/dist\/main\.js|'apps', (app|name), 'dist\/main\.js'/g;

/** A test that starts a program depends on its sources as if it imported them. */
module.exports = {
  // jest remembers what it found, and asks again when these words have changed.
  getCacheKey: () => String(STARTED),
  extract(code, _file, defaultExtract) {
    const found = defaultExtract(code);
    for (const [, app] of code.matchAll(STARTED)) {
      for (const name of app ? [app] : ['api', 'worker']) found.add(join(APPS, name, 'src/main.ts'));
    }
    return found;
  },
};
