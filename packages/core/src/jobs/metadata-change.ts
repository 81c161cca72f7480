import type { Priority } from '../jobs/job.ts';
import type { RawFields } from '../json/raw-object.ts';

/**
 * A change to a job's metadata. Fields that the product knows have places of their own; everything else is kept
 * verbatim by name. Absent means "leave it"; null empties a field.
 */
export interface MetadataChange {
  closeReason?: string | null;
  tags?: string[];
  priority?: Priority;
  units?: number;
  version?: string | null;
  /** JSON text. */
  args?: string | null;
  settings?: string | null;
  environment?: string | null;
  command?: string | null;
  scrapyStats?: string | null;
  /** Free fields to set. */
  meta: RawFields;
  /** Free fields to remove. */
  forget: string[];
}
