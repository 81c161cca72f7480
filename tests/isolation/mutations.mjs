// Takes one part of the box out of a copy of the build and lets the attacks judge it: they have to find the hole.
// node tests/isolation/mutations.mjs [NAME...]
import { execFileSync } from 'node:child_process';
import { appendFileSync, chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { copyBuild } from '../faults/mutations/copy-build.mjs';

const HERE = dirname(fileURLToPath(import.meta.url));
const BOX = 'python/launcher/box';
const NETWORK = 'packages/isolation/dist/network';

/** The service tries the box when it starts, and would not start: only what comes later is to be without the part. */
const IS_TRIAL = "any('probe-' in path for path in box['writable'])";

/**
 * What is added to the end of files of the copy, so that a part is gone by its name; the attacks that are for it, and one
 * of those that have to succeed then.
 */
const MUTATIONS = {
  'own-root': {
    additions: {
      [`${BOX}/root.py`]:
        "_build = build\ndef build(box, home):\n    if 'probe-' in home:\n        _build(box, home)",
    },
    families: 'files',
    finds: /files: read (other tenants' (items and logs|eggs)|files that lie open|what the service keeps)/,
    // Whose files they are outside, too.
    uid: '54321',
  },
  'own-proc': {
    additions: {
      [`${BOX}/root.py`]:
        "_build = build\n_proc = _make_proc\ndef _outer():\n    os.mkdir('proc')\n    _bind('/proc', 'proc', 0)\ndef build(box, home):\n    global _make_proc\n    _make_proc = _proc if 'probe-' in home else _outer\n    _build(box, home)",
    },
    families: 'processes',
    finds: /processes: (see processes that are not its own|see what process 1 has)/,
  },
  'read-only': {
    additions: { [`${BOX}/root.py`]: '_READ_ONLY = _LOCKED\n_bind_all = _bind' },
    families: 'files',
    finds: /files: (write into the environment|leave something in an egg|write into its own egg)/,
    // Another user cannot write there whatever the mount says: only its owner could.
    uid: '54321',
  },
  seccomp: {
    additions: {
      [`${BOX}/rights.py`]: `_prepare = prepare\ndef prepare(box):\n    return _prepare(box) if ${IS_TRIAL} else None`,
    },
    families: 'privileges,kernel',
    finds: /run without a filter|call (keyctl|io_uring_setup|userfaultfd)/,
  },
  uid: {
    additions: {
      'packages/isolation/dist/describe-box.js':
        'const { describeBox: plain } = exports;\nexports.describeBox = (tenant, options) => plain(tenant, { ...options, uidBase: null });',
    },
    families: 'privileges',
    finds: /be root outside|share the uid/,
  },
  capabilities: {
    additions: {
      [`${BOX}/rights.py`]: `_become = become\n_drop, _empty = syscalls.drop_capabilities, _empty_bounding_set\ndef become(box, filter_code, dumpable):\n    global _empty_bounding_set\n    syscalls.drop_capabilities = _drop if ${IS_TRIAL} else lambda: None\n    _empty_bounding_set = _empty if ${IS_TRIAL} else lambda: None\n    _become(box, filter_code, dumpable)`,
    },
    families: 'privileges',
    finds: /have capabilities/,
    uid: '54321',
  },
  cgroup: {
    additions: { [`${BOX}/limits.py`]: 'def join(groups):\n    pass\ndef set_rlimits(limits):\n    pass' },
    families: 'public',
    parts: 'crawl,resources',
    finds: /resources: (hold more memory|start more processes)/,
    uid: '0',
  },
  network: {
    additions: {
      [`${BOX}/network.py`]:
        'def enter(network, userns):\n    pass\ndef enter_before_user_namespace(network):\n    pass',
      // The trial of the rules would find that they do nothing.
      [`${NETWORK}/rules/prove.js`]: 'exports.proveRules = async () => ({ landlock: 6 });',
      [`${NETWORK}/rules/table.js`]: "exports.tableText = ({ name }) => 'add table inet ' + name;",
    },
    families: 'sockets',
    finds: /sockets: reach (loopback|private|the machine)/,
  },
  'package-index': {
    additions: {
      [`${NETWORK}/proxy/route.js`]:
        'const { routeTo: plain } = exports;\nexports.routeTo = (target, options) => plain(target, { ...options, gate: () => true });',
    },
    families: 'public',
    parts: 'build',
    finds: /build, sockets: reach what is not public through a proxy/,
  },
};

const asked = process.argv.slice(2);
const names = asked.length > 0 ? asked : Object.keys(MUTATIONS);
let isSeen = true;
for (const name of names) isSeen = tryWithout(name, MUTATIONS[name]) && isSeen;
process.exitCode = isSeen ? 0 : 1;

function tryWithout(name, mutation) {
  if (!mutation) throw new Error(`no mutation ${name}: ${Object.keys(MUTATIONS).join(', ')}`);
  const copy = mkdtempSync(join(tmpdir(), 'sh-mutant-'));
  try {
    chmodSync(copy, 0o755);
    copyBuild(copy);
    for (const [file, text] of Object.entries(mutation.additions)) {
      // A part that is called otherwise now would be taken away nowhere.
      if (!existsSync(join(copy, file))) throw new Error(`${name}: there is no ${file}`);
      appendFileSync(join(copy, file), `\n\n${text}\n`);
    }
    const found = holesOf(copy, mutation);
    const hit = found.filter((one) => mutation.finds.test(one));
    console.log(
      hit.length > 0
        ? `seen: without ${name}: ${hit[0].slice(0, 150)}`
        : `NOT SEEN: ${name}\n${found.join('\n')}`,
    );
    return hit.length > 0;
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

/** Names of what succeeded, or why the run did not come to its end. */
function holesOf(copy, { families, parts = 'crawl', uid = '0' }) {
  const args = [
    'harness/run.mjs',
    '--checkout',
    copy,
    '--families',
    families,
    '--parts',
    parts,
    '--uid',
    uid,
  ];
  try {
    const text = execFileSync(process.execPath, args, {
      cwd: HERE,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      maxBuffer: 1 << 26,
    });
    const { results } = JSON.parse(text.trim().split('\n').at(-1));
    return results.filter(({ succeeded }) => succeeded).map((one) => `${one.name} (${one.detail})`);
  } catch (error) {
    return [`the run broke: ${String(error.stderr ?? error).slice(-2000)}`];
  }
}
