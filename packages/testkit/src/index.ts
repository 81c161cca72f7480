export { createTestDatabase, type TestDatabase } from './database.ts';
export { eventually } from './eventually.ts';
export { findVersitygw, type S3Server, startMoto, startVersitygw } from './s3-server.ts';
export { makeTeam, saveVersion, scheduleRequest, type Team } from './team.ts';
export { lackOf, MACHINE, type TinyInternet, tinyInternet, WORLD } from './tiny-internet/tiny-internet.ts';
