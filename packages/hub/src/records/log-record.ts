import { decodeString, LOG_LEVELS, logLevelName, scanFields } from '@spiderhub/core';
import { isoSecond } from '../times.ts';

export interface LogRecord {
  /** Level of INFO when the line has none. */
  level: number;
  /** Ms since the epoch, null when the line has none. */
  time: number | null;
  message: string;
}

/** Reads a raw log line; what is not there or not right has a harmless default. */
export function readLogRecord(line: Buffer): LogRecord {
  const record: LogRecord = { level: LOG_LEVELS.INFO, time: null, message: '' };
  scanFields(line, (keyStart, keyEnd, valueStart, valueEnd) => {
    const name = line.toString('latin1', keyStart, keyEnd);
    const raw = line.toString('utf8', valueStart, valueEnd);
    if (name === 'level' && Number.isFinite(Number(raw))) record.level = Number(raw);
    else if (name === 'time' && Number.isFinite(Number(raw))) record.time = Number(raw);
    else if (name === 'message') record.message = textOf(line, valueStart, valueEnd) ?? raw;
    return true;
  });
  return record;
}

function textOf(line: Buffer, start: number, end: number): string | null {
  return line[start] === 0x22 ? decodeString(line, start + 1, end - 1) : null;
}

/** `2015-11-09T15:20:25 INFO Spider opened`; a message of several lines stays one. */
export function logText({ level, time, message }: LogRecord): string {
  return `${time === null ? '-' : isoOf(time)} ${logLevelName(level) ?? level} ${message}\n`;
}

const MAX_DATE = 8.64e15;

function isoOf(time: number): string {
  return Math.abs(time) <= MAX_DATE ? isoSecond(new Date(time)) : String(time);
}
