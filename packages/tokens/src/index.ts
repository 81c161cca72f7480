export { createJobTokens, encodeJobAuth } from './job-tokens.ts';
