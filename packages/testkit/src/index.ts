export { createTestDatabase, type TestDatabase } from './database.ts';
export { eventually } from './eventually.ts';
export { makeTeam, saveVersion, scheduleRequest, type Team } from './team.ts';
export { lackOf, MACHINE, type TinyInternet, tinyInternet, WORLD } from './tiny-internet/tiny-internet.ts';
