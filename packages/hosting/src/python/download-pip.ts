import { mkdirSync } from 'node:fs';
import { runOrThrow } from '../host/run.ts';
import type { Interpreter } from './find.ts';

/** Python fetches it, because it knows the certificates and proxies of the machine as pip does. */
const SCRIPT = `
import hashlib, os, re, sys, urllib.parse, urllib.request
folder, version = sys.argv[1:]
name = "pip-%s-py3-none-any.whl" % version
index = os.environ.get("PIP_INDEX_URL", "https://pypi.org/simple").rstrip("/") + "/pip/"
ask = urllib.request.Request(index, headers={"Accept": "text/html"})
page = urllib.request.urlopen(ask, timeout=60).read().decode()
found = re.search('href="([^"#]*%s)#sha256=([0-9a-f]{64})"' % re.escape(name), page)
if not found:
    sys.exit("%s does not offer %s" % (index, name))
body = urllib.request.urlopen(urllib.parse.urljoin(index, found[1]), timeout=60).read()
if hashlib.sha256(body).hexdigest() != found[2]:
    sys.exit("the wheel of pip arrived damaged")
path = os.path.join(folder, name)
with open(path, "wb") as out:
    out.write(body)
print(path)
`;

const VERSION = '25.3';

/** Fetches pip's wheel from the package index; Python can run pip out of it. Returns its path. */
export async function downloadPip(base: Interpreter, cache: string): Promise<string> {
  mkdirSync(cache, { recursive: true });
  return (await runOrThrow(base.path, ['-c', SCRIPT, cache, VERSION])).trim();
}
