// Prints the types that openapi-typescript makes of the document in a file. A process of its own: the generator comes as
// modules, which jest does not load.
import { readFileSync } from 'node:fs';
import openapiTypes, { astToString } from 'openapi-typescript';

process.stdout.write(astToString(await openapiTypes(readFileSync(process.argv[2], 'utf8'))));
