export { createTestDatabase, type TestDatabase } from './database.ts';
export { eventsTold } from './events-told.ts';
export { eventually } from './eventually.ts';
export { type FaultyS3, type S3Fault, startFaultyS3 } from './faulty-s3.ts';
export { freePort } from './free-port.ts';
export { aJobDetails } from './job-details.ts';
export { findVersitygw, type S3Server, startMoto, startS3, startVersitygw } from './s3-server.ts';
export { makeTeam, saveVersion, scheduleRequest, type Team } from './team.ts';
export { lackOf, MACHINE, type TinyInternet, tinyInternet, WORLD } from './tiny-internet/tiny-internet.ts';
