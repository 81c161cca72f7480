export * from './anonymous.ts';
export * from './ports/import-store.ts';
export * from './ports/store.ts';
export * from './ports/view.ts';
export * from './priority.ts';
export * from './users.ts';
