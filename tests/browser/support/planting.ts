/** A JSON schema as the OpenAPI document of `/console` has it, as far as texts are concerned. */
export interface Schema {
  $ref?: string;
  anyOf?: Schema[];
  oneOf?: Schema[];
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  format?: string;
  pattern?: string;
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: Schema | boolean;
}

interface Operation {
  operationId: string;
  responses: Record<string, { content?: Record<string, { schema?: Schema }> }>;
}

export interface Document {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
}

/** What is planted for a text: null leaves it. */
export type TextFor = (place: string, text: string) => string | null;

/** Puts other texts into answers: wherever their schema allows any text at all, also where there is none now. */
export class Planting {
  private readonly places = new Set<string>();
  private readonly document: Document;
  private readonly textFor: TextFor;

  constructor(document: Document, textFor: TextFor) {
    this.document = document;
    this.textFor = textFor;
  }

  /** Places that had a text so far: `listJobs.jobs[].spider`. */
  get planted(): ReadonlySet<string> {
    return this.places;
  }

  /** The operation that answers a GET of this path with JSON. */
  operationAt(pathname: string): Operation | undefined {
    const entries = Object.entries(this.document.paths).filter(([path]) =>
      new RegExp(`^/console${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(pathname),
    );
    // One without parameters is meant before one with some.
    const [, methods] = entries.sort(([a], [b]) => a.split('{').length - b.split('{').length)[0] ?? [];
    return methods?.get && this.schemaOf(methods.get) ? methods.get : undefined;
  }

  /** All that answer with JSON. */
  operations(): Operation[] {
    return Object.values(this.document.paths).flatMap(({ get }) => (get && this.schemaOf(get) ? [get] : []));
  }

  schemaOf(operation: Operation): Schema | undefined {
    return operation.responses['200']?.content?.['application/json']?.schema;
  }

  plant(operation: Operation, answer: unknown): unknown {
    return this.within(answer, this.schemaOf(operation) ?? {}, operation.operationId);
  }

  /** Every place of an answer that may have any text. */
  placesOf(operation: Operation): string[] {
    const found = new Set<string>();
    this.collect(this.schemaOf(operation) ?? {}, operation.operationId, found, []);
    return [...found];
  }

  private resolved(schema: Schema): Schema {
    if (!schema.$ref) return schema;
    return this.resolved(this.document.components.schemas[schema.$ref.split('/').pop() ?? ''] ?? {});
  }

  private branches(schema: Schema): Schema[] {
    const real = this.resolved(schema);
    const more = [...(real.anyOf ?? []), ...(real.oneOf ?? [])];
    return more.length > 0 ? more.flatMap((each) => this.branches(each)) : [real];
  }

  private within(value: unknown, schema: Schema, place: string): unknown {
    const branch = this.branches(schema).find((each) => this.fits(value, each));
    if (!branch) return value;
    if (typeof value === 'string') return isFree(branch) ? this.textAt(place, value) : value;
    if (value === null) return this.takesText(schema) ? this.textAt(place, '') || null : null;
    if (Array.isArray(value) && value.length === 0 && this.takesText(branch.items))
      return [this.textAt(`${place}[]`, '')].filter((text) => text !== '');
    if (Array.isArray(value)) return value.map((each) => this.within(each, branch.items ?? {}, `${place}[]`));
    if (typeof value !== 'object') return value;
    const others = typeof branch.additionalProperties === 'object' ? branch.additionalProperties : null;
    const fields = Object.entries(value).map(([name, each]): [string, unknown] => {
      const known = branch.properties?.[name];
      if (known) return [name, this.within(each, known, `${place}.${name}`)];
      if (!others) return [name, each];
      return [this.textAt(`${place}.*`, name), this.within(each, others, `${place}.*`)];
    });
    return Object.fromEntries(fields);
  }

  private takesText(schema: Schema = {}): boolean {
    return this.branches(schema).some((each) => [each.type].flat().includes('string') && isFree(each));
  }

  private textAt(place: string, text: string): string {
    const other = this.textFor(place, text);
    if (other === null) return text;
    this.places.add(place);
    return other;
  }

  private fits(value: unknown, schema: Schema): boolean {
    if (schema.const !== undefined) return value === schema.const;
    if (schema.enum) return schema.enum.includes(value);
    const types = [schema.type ?? []].flat();
    if (types.length > 0 && !types.some((type) => isOf(value, type))) return false;
    if (value === null || typeof value !== 'object' || Array.isArray(value)) return true;
    const fields = value as Record<string, unknown>;
    return (schema.required ?? []).every(
      (name) =>
        name in fields &&
        this.branches(schema.properties?.[name] ?? {}).some((each) => this.fits(fields[name], each)),
    );
  }

  private collect(schema: Schema, place: string, found: Set<string>, above: readonly Schema[]): void {
    for (const branch of this.branches(schema)) {
      if (above.includes(branch)) continue;
      const inside = [...above, branch];
      if ([branch.type].flat().includes('string') && isFree(branch)) found.add(place);
      if (branch.items) this.collect(branch.items, `${place}[]`, found, inside);
      for (const [name, each] of Object.entries(branch.properties ?? {}))
        this.collect(each, `${place}.${name}`, found, inside);
      if (typeof branch.additionalProperties === 'object') {
        found.add(`${place}.*`);
        this.collect(branch.additionalProperties, `${place}.*`, found, inside);
      }
    }
  }
}

function isFree({ enum: choices, const: only, format, pattern }: Schema): boolean {
  return !choices && only === undefined && !format && !pattern;
}

function isOf(value: unknown, type: string): boolean {
  if (type === 'null') return value === null;
  if (type === 'array') return Array.isArray(value);
  if (type === 'object') return value !== null && typeof value === 'object' && !Array.isArray(value);
  if (type === 'integer') return typeof value === 'number';
  return typeof value === type;
}
