import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DomainError, type Requirement } from '@spiderhub/core';
import { hasCode } from '@spiderhub/platform';
import { admits, scrapyRequirement } from './scrapy-requirement.ts';

/** A series of Scrapy with the pins that it was tested with. */
export interface Stack {
  /** `scrapy:2.11`. */
  name: string;
  /** `2.11`. */
  series: string;
  /** Version of Scrapy that the pins hold: `2.11.2`. */
  scrapy: string;
  /** What its environment is made from: an absolute path, and the text there. */
  pinsPath: string;
  pins: string;
  /** Versions of Python that it runs on: `3.10 to 3.12`. Null when the pins do not say. */
  python: string | null;
  /** Whether it is the one of the base environment. */
  isCurrent: boolean;
}

export interface StackFiles {
  /** Holds a file of pins for each series, `2.11.txt`. */
  stacksDir: string;
  /** Pins of the base environment, whose series is the current one. */
  baseRequirementsPath: string;
}

const PINNED = /^scrapy==(\d+\.\d+)(\.\d+)?\s*$/im;
const PYTHONS = /^# Python (\d+\.\d+ to \d+\.\d+)/m;
const FILE = /^\d+\.\d+\.txt$/;
/** Dates and Python's major version, as in the names of Scrapy Cloud's images, choose nothing here. */
const NAME = /^scrapy:(\d+\.\d+)(?:\.\d+)?(?:-\d{8})?(?:-py3)?$/;

/** The stacks that crawls can have, and which one a project gets. */
export class Stacks {
  /** Oldest series first. */
  readonly list: readonly Stack[];
  /** Stack of the base environment; null when its requirements pin no Scrapy. */
  readonly current: Stack | null;

  constructor({ stacksDir, baseRequirementsPath }: StackFiles) {
    this.current = readStack(baseRequirementsPath, true);
    const files = filesIn(stacksDir).flatMap((name) => readStack(join(stacksDir, name), false) ?? []);
    const others = files.filter(({ series }) => series !== this.current?.series);
    this.list = [...others, ...(this.current ? [this.current] : [])].sort(bySeries);
  }

  /** The stack that a project names. Throws `invalid` with those there are. */
  named(name: string): Stack {
    const found = this.find(name);
    if (found) return found;
    const names = this.list.map((stack) => stack.name).join(', ');
    throw new DomainError(
      'invalid',
      'unknown_stack',
      `stack ${name.slice(0, 100)} is unknown; known are ${names}`,
    );
  }

  /** Null when it is none of these. */
  find(name: string): Stack | null {
    const series = NAME.exec(name)?.[1];
    return this.list.find((stack) => stack.series === series) ?? null;
  }

  /**
   * What a version runs on: the stack it names, unless its requirements want a Scrapy that this one does not have; then
   * the newest that has it. Null is the base environment, also for what no series has: pip decides there.
   */
  fitting(name: string | null, requirements: readonly Requirement[]): Stack | null {
    const own = (name === null ? null : this.find(name)) ?? this.current;
    const wanted = scrapyRequirement(requirements);
    if (wanted === null || (own && admits(wanted, own))) return own;
    return this.list.findLast((stack) => admits(wanted, stack)) ?? own;
  }
}

function readStack(pinsPath: string, isCurrent: boolean): Stack | null {
  const pins = readFileSync(pinsPath, 'utf8');
  const [pinned, series, patch = ''] = PINNED.exec(pins) ?? [];
  if (pinned === undefined || series === undefined) return null;
  const python = PYTHONS.exec(pins)?.[1] ?? null;
  return { name: `scrapy:${series}`, series, scrapy: `${series}${patch}`, pinsPath, pins, python, isCurrent };
}

function filesIn(directory: string): string[] {
  try {
    return readdirSync(directory).filter((name) => FILE.test(name));
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  }
}

function bySeries(a: Stack, b: Stack): number {
  const [aMajor = 0, aMinor = 0] = a.series.split('.').map(Number);
  const [bMajor = 0, bMinor = 0] = b.series.split('.').map(Number);
  return aMajor - bMajor || aMinor - bMinor;
}
