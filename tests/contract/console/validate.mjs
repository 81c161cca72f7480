// Ends well for a file with a valid OpenAPI document. A process of its own: the validator comes as modules, which jest
// does not load.
import SwaggerParser from '@apidevtools/swagger-parser';

await SwaggerParser.validate(process.argv[2]);
process.stdout.write('valid\n');
