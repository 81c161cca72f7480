// Prints our longest files and functions, and how many lines of tests there are for one of the sources; fails when one is too
// long to be read in one go: npm run sizes [HOW MANY]
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSync } from '@swc/core';
import { CHECKOUT } from './prepare.mjs';

const FUNCTIONS = new Set([
  'FunctionDeclaration',
  'FunctionExpression',
  'ArrowFunctionExpression',
  'ClassMethod',
  'MethodProperty',
  'Constructor',
]);

/** What is there for tests alone: they, the contracts of drivers, and what several of them share. */
const TEST = /\.test\.|^tests\/|\/(contract|testing|testkit|fixtures)\/|\/test_[^/]+\.py$/;
const PAGE = /^apps\/web\/|^tests\/browser\//;

const LONGEST_FUNCTION = 80;
const LONGEST_FILE = 500;
const LONGEST_TEST = 600;

const count = Number(process.argv[2] ?? 10);
const files = ['packages', 'apps', 'examples'].flatMap((parent) =>
  readdirSync(join(CHECKOUT, parent)).flatMap((name) => filesOf(join(parent, name, 'src'))),
);
const measured = files.filter((path) => !isTest(path)).map(measure);
const functions = measured.flatMap((file) => file.functions);
const tests = [...files.filter(isTest), ...filesOf('tests')].map(lengthOf);
if (count > 0) {
  print('files', measured);
  print('functions', functions);
  print('files of tests', tests);
  printShares();
}
refuse(functions, LONGEST_FUNCTION);
refuse(measured, LONGEST_FILE);
refuse(tests, LONGEST_TEST);

function filesOf(folder) {
  if (!existsSync(join(CHECKOUT, folder))) return [];
  const names = readdirSync(join(CHECKOUT, folder), { recursive: true });
  return names
    .filter((name) => /\.tsx?$/.test(name) && !name.startsWith('node_modules/'))
    .map((name) => join(folder, name));
}

function isTest(path) {
  return path.endsWith('.test.ts');
}

function lengthOf(path) {
  return { path, lines: linesIn(readFileSync(join(CHECKOUT, path))) };
}

function refuse(list, most) {
  for (const { path, lines } of list.filter((each) => each.lines > most)) {
    console.error(`${path} has ${lines} lines, ${most} at most`);
    process.exitCode = 1;
  }
}

function measure(path) {
  const source = readFileSync(join(CHECKOUT, path));
  const module = parseSync(source.toString(), { syntax: 'typescript', tsx: path.endsWith('x') });
  const functions = [];
  // Positions count bytes from the beginning of the first statement or comment, over all files that were parsed.
  const offset = module.span.end - source.length;
  visit(module, (node) => {
    const [start, end] = [node.span.start - offset, node.span.end - offset];
    const line = linesIn(source.subarray(0, start));
    functions.push({ path: `${path}:${line}`, lines: linesIn(source.subarray(start, end)) });
  });
  return { path, lines: linesIn(source), functions };
}

function visit(node, onFunction) {
  if (node === null || typeof node !== 'object') return;
  if (FUNCTIONS.has(node.type)) onFunction(node.span ? node : node.function);
  for (const child of Object.values(node)) visit(child, onFunction);
}

function linesIn(bytes) {
  return bytes.toString().trimEnd().split('\n').length;
}

function print(title, list) {
  const sorted = [...list].sort((a, b) => b.lines - a.lines);
  const at = (share) => sorted[Math.floor(sorted.length * (1 - share))]?.lines ?? 0;
  console.log(`${sorted.length} ${title}: median ${at(0.5)} lines, 95 of 100 at most ${at(0.95)}`);
  for (const { path, lines } of sorted.slice(0, count)) console.log(`${String(lines).padStart(5)}  ${path}`);
}

/** Lines of code: without blank ones and comments. Benches, deployments and settings count as neither. */
function printShares() {
  const paths = execFileSync(
    'git',
    ['ls-files', 'packages', 'apps', 'examples', 'python', 'scripts', 'tests'],
    {
      cwd: CHECKOUT,
      encoding: 'utf8',
    },
  );
  const counted = paths
    .split('\n')
    .filter((path) => /\.(tsx?|[cm]?js|py)$/.test(path))
    .map((path) => ({ path, lines: codeLines(path), isTest: TEST.test(path), isPage: PAGE.test(path) }));
  const sum = (list) => list.reduce((total, { lines }) => total + lines, 0);
  const shares = {
    'without the page': counted.filter(({ isPage }) => !isPage),
    'with the page': counted,
  };
  for (const [name, list] of Object.entries(shares)) {
    const tests = sum(list.filter(({ isTest }) => isTest));
    const sources = sum(list) - tests;
    console.log(`${name}: ${tests} lines of tests, ${sources} of sources: ${(tests / sources).toFixed(2)}`);
  }
}

function codeLines(path) {
  const python = path.endsWith('.py');
  const text = readFileSync(join(CHECKOUT, path), 'utf8')
    .replaceAll(python ? /^\s*[rf]?"""[\s\S]*?"""\s*$/gm : /^\s*\/\*[\s\S]*?\*\/\s*$/gm, '')
    .replaceAll(python ? /^\s*#.*$/gm : /^\s*\/\/.*$/gm, '');
  return text.split('\n').filter((line) => line.trim() !== '').length;
}
