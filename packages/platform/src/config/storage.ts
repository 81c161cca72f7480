import { z } from 'zod';
import { wholeNumber } from './fields.ts';

/** Where streams and blobs lie: `s3://bucket/folder?endpoint=…`. What the driver reads in it is checked there. */
const StorageUrl = z
  .string()
  .regex(/^s3:\/\/./, 'expected s3://bucket/folder?endpoint=https://host&region=name');

/** The keys of S3 in the variables of AWS's own tools, all optional, and what a machine does with objects. */
export const StorageFields = {
  STORAGE_URL: StorageUrl.optional(),
  /** What files that lie in S3 may take on this machine, bytes. */
  CACHE_BYTES: wholeNumber(0, 2 ** 50).default(2 * 2 ** 30),
  /** How long objects stay that nothing names any more: as long as a backup of the database may be old. */
  GARBAGE_HOURS: wholeNumber(1, 24 * 365).default(1),
  AWS_REGION: z.string().optional(),
  AWS_ACCESS_KEY_ID: z.string().optional(),
  AWS_SECRET_ACCESS_KEY: z.string().optional(),
  AWS_SESSION_TOKEN: z.string().optional(),
  AWS_WEB_IDENTITY_TOKEN_FILE: z.string().optional(),
  AWS_ROLE_ARN: z.string().optional(),
  AWS_ROLE_SESSION_NAME: z.string().optional(),
  AWS_ENDPOINT_URL_STS: z.url().optional(),
  AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: z.string().optional(),
  AWS_CONTAINER_CREDENTIALS_FULL_URI: z.url().optional(),
  AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: z.string().optional(),
  AWS_EC2_METADATA_SERVICE_ENDPOINT: z.url().optional(),
};
