/** What the servers and programs that we start inherit; also where the search path of programs stands. */
export const inherited: NodeJS.ProcessEnv = process.env;
