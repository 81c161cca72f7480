export type { Contract } from './contract.ts';
export { CONTRACTS, readOpenApi } from './contracts.ts';
export { limitContracts } from './limits.ts';
export { linkContracts } from './links.ts';
export { makePasswordLink, organisationMembers, projectMembers } from './members.ts';
export { openApiOf } from './openapi.ts';
export { organisationContracts, projectContracts } from './organisations.ts';
export { sessionContracts } from './session.ts';
