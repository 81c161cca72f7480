import { z } from 'zod';
import type { Dialect } from '../../apps/api/src/dialects/dialect.ts';
import type { OperationSpec } from '../../apps/api/src/http/operation.ts';
import type { Parts } from '../../apps/api/src/parts.ts';

export type Json = Record<string, unknown>;
/** Values for parameters of paths, by name: what is there, so that made-up input comes further than a 404. */
export type Known = Record<string, readonly number[]>;

interface Parameter {
  name: string;
  in: string;
  schema: Json;
}

/** A document whose paths lead to what is there; other values are tried, too. */
export function leadingTo(document: Json, known: Known): Json {
  const copy = structuredClone(document) as {
    paths: Record<string, Record<string, { parameters: Parameter[] }>>;
  };
  for (const operations of Object.values(copy.paths)) {
    for (const { parameters } of Object.values(operations)) {
      for (const parameter of parameters) {
        // How long an answer may be held back: not while somebody waits for thousands of them.
        if (parameter.in === 'query' && parameter.name === 'wait') parameter.schema = { enum: [0] };
        const values = known[parameter.name];
        if (parameter.in === 'path' && values)
          parameter.schema = {
            ...parameter.schema,
            enum: valuesFor(parameter.schema, values),
          };
      }
    }
  }
  return copy as unknown as Json;
}

/** The values as the schema wants them, and one that is none where it wants texts. */
function valuesFor({ type }: Json, values: readonly number[]): unknown[] {
  return type === 'string' ? [...values.map(String), 'x'] : [...values];
}

/** An OpenAPI document made of what a dialect says of its operations: enough to try them with made-up input. */
export function documentOf(dialect: Dialect, known: Known): Json {
  const paths: Record<string, Json> = {};
  for (const { spec } of dialect.operations({} as Parts)) {
    const path = `${dialect.base}${spec.path
      .replace(/\{\/\*(\w+)\}/, '/{$1}')
      .replaceAll(/[:*](\w+)/g, '{$1}')}`;
    paths[path] = { ...paths[path], [spec.method]: operationOf(spec, path) };
  }
  const document = { openapi: '3.1.0', info: { title: dialect.name, version: '1' }, paths };
  return leadingTo(document, known);
}

function operationOf(spec: OperationSpec, path: string): Json {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name as string);
  const inPath = names.map((name) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string', minLength: 1 },
  }));
  const inQuery = Object.entries(fieldsOf(spec.query)).map(([name, field]) => ({
    name,
    in: 'query',
    required: !isOptional(field),
    schema: schemaOf(field),
  }));
  return {
    operationId: `${spec.method} ${path}`,
    parameters: [...inPath, ...inQuery],
    ...bodyOf(spec),
    responses: { default: { description: 'Anything but an error of ours' } },
  };
}

function bodyOf({ body, takes = [] }: OperationSpec): Json {
  if (takes.includes('multipart/form-data')) {
    const file = { type: 'string', format: 'binary' };
    const text = { type: 'string' };
    const properties = {
      project: text,
      version: text,
      name: text,
      job: text,
      key: text,
      content: file,
      egg: file,
    };
    return {
      requestBody: { content: { 'multipart/form-data': { schema: { type: 'object', properties } } } },
    };
  }
  // Lines of JSON begin with a first one.
  if (takes.length > 0) return { requestBody: { content: { 'application/json': { schema: {} } } } };
  if (!body) return {};
  const fields = Object.entries(fieldsOf(body));
  const schema = {
    type: 'object',
    properties: Object.fromEntries(fields.map(([name, field]) => [name, schemaOf(field)])),
    required: fields.filter(([, field]) => !isOptional(field)).map(([name]) => name),
  };
  return { requestBody: { content: { 'application/x-www-form-urlencoded': { schema } } } };
}

function fieldsOf(schema: z.ZodType | undefined): Record<string, z.ZodType> {
  return ((schema as z.ZodObject | undefined)?.shape ?? {}) as Record<string, z.ZodType>;
}

function isOptional(field: z.ZodType): boolean {
  return field.safeParse(undefined).success;
}

function schemaOf(field: z.ZodType): Json {
  const { $schema: _dialect, ...schema } = z.toJSONSchema(field, { io: 'input', unrepresentable: 'any' });
  return schema as Json;
}
