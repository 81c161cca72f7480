const DOCKER_HUB = 'docker.io';
/**
 * Names of images by the grammar of the OCI's distribution specification, and a registry before them. Nothing else: engines read
 * `docker-archive:/etc/x` and `dir:/root` as files of their machine, and what begins with a dash as an option.
 */
const HOST = String.raw`(?:(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*|\[[0-9a-f:.]+\])(?::\d{1,5})?`;
const PART = String.raw`[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*`;
const NAME = new RegExp(
  String.raw`^(?:${HOST}/)?${PART}(?:/${PART})*(?::[\w][\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?$`,
  'i',
);
const HEX_ID = /^[0-9a-f]{12,64}$/i;
const MAX_CHARACTERS = 1000;

/** Whether a text names an image in a registry. An id of one that is on some machine names none. */
export function isImageName(text: string): boolean {
  return text.length <= MAX_CHARACTERS && NAME.test(text) && !HEX_ID.test(text);
}

/** Host, and port when it is named, of the registry that an image lies in: Docker's own when the name has none. */
export function registryOf(image: string): string {
  const [first = '', ...rest] = image.split('/');
  return rest.length > 0 && isHost(first) ? first.toLowerCase() : DOCKER_HUB;
}

/** The same image by its whole name, which no engine completes in a way of its own: `a` is `docker.io/library/a:latest`. */
export function wholeImageName(image: string): string {
  const [first = '', ...rest] = image.split('/');
  const path = rest.length > 0 && isHost(first) ? rest.join('/') : image;
  const registry = registryOf(image);
  const inside = registry === DOCKER_HUB && !path.includes('/') ? `library/${path}` : path;
  const tag = /[:@]/.test(inside) ? '' : ':latest';
  return `${registry}/${inside}${tag}`;
}

function isHost(first: string): boolean {
  return /[.:]|^localhost$/i.test(first);
}
