import { z } from 'zod';
import type { Contract } from './contract.ts';
import { ErrorReply, STATUS_WORDS } from './errors.ts';

type Json = Record<string, unknown>;
type Direction = 'input' | 'output';

/** Formats that say all that zod's long patterns beside them do. */
const PLAIN_FORMATS: unknown[] = ['date-time', 'email'];

/** What zod adds beside what a reader needs: the range of safe integers, and patterns. */
function tidied({ jsonSchema }: { jsonSchema: Json }): void {
  if (PLAIN_FORMATS.includes(jsonSchema.format)) delete jsonSchema.pattern;
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
  if (jsonSchema.wholeNumber !== true) return;
  delete jsonSchema.wholeNumber;
  delete jsonSchema.pattern;
  const { minimum = 1, maximum = 999_999_999 } = jsonSchema;
  Object.assign(jsonSchema, { type: 'integer', minimum, maximum });
}

/** What zod calls the parts of any JSON, which contain themselves: text, number, boolean, null, list, object. */
const ANY_JSON = /^__schema\d+$/;
const JSON_KINDS = 6;

/** Collects the schemas that have a name, and refuses two of one name. */
class Components {
  readonly schemas: Record<string, Json> = {};

  /** The schema as a document has it, with its named parts put where all look for them. */
  schemaOf(schema: z.ZodType, io: Direction): Json {
    const {
      $defs = {},
      $schema: _dialect,
      ...own
    } = z.toJSONSchema(schema, { io, override: tidied }) as Json;
    for (const [name, part] of Object.entries($defs as Record<string, Json>)) {
      if (!ANY_JSON.test(name)) this.add(name, part);
      else if ((part.anyOf as unknown[] | undefined)?.length !== JSON_KINDS)
        throw new Error('a schema that contains itself needs a name');
    }
    const id = schema.meta()?.id;
    if (id === undefined || own.$ref !== undefined) return pointed(own) as Json;
    this.add(id, own);
    return { $ref: `#/components/schemas/${id}` };
  }

  private add(name: string, part: Json): void {
    const { id: _id, ...rest } = pointed(part) as Json;
    const known = this.schemas[name];
    if (known && JSON.stringify(known) !== JSON.stringify(rest))
      throw new Error(`two schemas are called ${name}`);
    this.schemas[name] = rest;
  }
}

/**
 * References as they have to be where the named schemas lie in an OpenAPI document. Any JSON is the schema that asks for
 * nothing: spelt out it contains itself, which makes no type that TypeScript would take.
 */
function pointed(value: unknown): unknown {
  const text = JSON.stringify(value)
    .replaceAll(/\{"\$ref":"#\/\$defs\/__schema\d+"\}/g, '{}')
    .replaceAll('"#/$defs/', '"#/components/schemas/');
  return JSON.parse(text);
}

/** An OpenAPI 3.1 document of operations. `server`: where they lie. */
export function openApiOf(contracts: readonly Contract[], version: string, server = '/console'): Json {
  const components = new Components();
  const paths: Record<string, Json> = {};
  for (const contract of contracts) {
    const path = contract.path.replaceAll(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [contract.method]: operationOf(contract, components) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Spiderhub',
      version,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      description:
        'Sign in with a cookie, and send its `X-CSRF-Token` with what changes something; or show an API key as user name.',
    },
    servers: [{ url: server }],
    security: [{ key: [] }, { session: [] }],
    paths,
    components: {
      schemas: components.schemas,
      securitySchemes: {
        key: { type: 'http', scheme: 'basic', description: 'An API key as user name, and no password' },
        session: { type: 'apiKey', in: 'cookie', name: 'spiderhub_session' },
      },
    },
  };
}

function operationOf(contract: Contract, components: Components): Json {
  const { id, summary, body, reply, errors, isOpen, media, takes, sends } = contract;
  const json = (schema: z.ZodType, io: Direction, type = 'application/json') => ({
    [type]: { schema: components.schemaOf(schema, io) },
  });
  const files = (types: readonly string[]) => Object.fromEntries(types.map((type) => [type, {}]));
  const answer = sends ? files(sends) : json(reply, 'output', media);
  const failures = errors.map((status) => [
    status,
    { description: STATUS_WORDS[status], content: json(ErrorReply, 'output') },
  ]);
  return {
    operationId: id,
    summary,
    ...(isOpen && { security: [] }),
    parameters: [
      ...parametersOf(contract.params, 'path', components),
      ...parametersOf(contract.query, 'query', components),
    ],
    ...(body && { requestBody: { required: true, content: json(body, 'input') } }),
    ...(takes && { requestBody: { required: true, content: files(takes) } }),
    responses: {
      ...(contract.redirects
        ? { 302: { description: 'Goes on there', headers: { Location: { schema: { type: 'string' } } } } }
        : { 200: { description: 'Done', content: answer } }),
      ...Object.fromEntries(failures),
    },
  };
}

function parametersOf(schema: z.ZodType, place: 'path' | 'query', components: Components): Json[] {
  if (!(schema instanceof z.ZodObject)) throw new Error(`parameters of a ${place} are no object`);
  return Object.entries(schema.shape as Record<string, z.ZodType>).map(([name, field]) => ({
    name,
    in: place,
    required: place === 'path' || !field.safeParse(undefined).success,
    schema: components.schemaOf(field, 'input'),
  }));
}
