export * from './metadata.ts';
export * from './request-line.ts';
export * from './unique-keys.ts';
