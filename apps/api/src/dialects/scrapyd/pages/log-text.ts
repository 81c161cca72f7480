import { logLevelName, type RecordBatch } from '@spiderhub/core';
import { localSecond } from '../times.ts';

const LOGGER = /^(\[[^\]\n]*\]) ?/;

interface LogRecord {
  time?: unknown;
  level?: unknown;
  message?: unknown;
}

/** Records as lines of Scrapy's own log file: `2026-11-21 07:44:29 [scrapy.core.engine] INFO: Spider opened`. */
export function createLogText(): (batch: RecordBatch) => Buffer {
  let second = Number.NaN;
  let shown = '';

  /** Most records share their second with the one before. */
  function timeText(ms: number): string {
    const now = Math.floor(ms / 1000);
    if (now !== second) {
      second = now;
      shown = localSecond(new Date(ms));
    }
    return shown;
  }

  return ({ ts, lines }) => {
    let text = '';
    for (const line of lines) {
      const { time, level, message } = readRecord(line);
      text += `${timeText(isTime(time) ? time : ts)} ${logLine(level, message)}\n`;
    }
    return Buffer.from(text);
  };
}

const MAX_TIME_MS = 8.64e15;

function isTime(time: unknown): time is number {
  return typeof time === 'number' && Math.abs(time) <= MAX_TIME_MS;
}

/** Whatever a crawl wrote is shown somehow. */
function readRecord(line: Buffer): LogRecord {
  try {
    const record: unknown = JSON.parse(line.toString('utf8'));
    if (typeof record === 'object' && record !== null) return record;
  } catch {
    // Shown as it came, below.
  }
  return { message: line.toString('utf8') };
}

/** Messages of a crawl begin with `[logger]`; what we wrote ourselves does not. */
function logLine(level: unknown, message: unknown): string {
  const text = typeof message === 'string' ? message : JSON.stringify(message ?? '');
  const name = typeof level === 'number' ? (logLevelName(level) ?? `Level ${level}`) : 'INFO';
  const logger = LOGGER.exec(text);
  if (!logger) return `[job] ${name}: ${text}`;
  return `${logger[1]} ${name}: ${text.slice(logger[0].length)}`;
}
