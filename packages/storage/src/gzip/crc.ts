const POLYNOMIAL = 0xedb88320;
const ONE = 0x80000000;

/** x^(2^n) modulo the CRC polynomial, for n up to 31; the powers repeat from there on. */
const POWERS = powersOfTwo();

/** CRC-32 of two pieces joined, from the CRC of each and the length of the second in bytes. */
export function joinCrc(first: number, second: number, secondLength: number): number {
  return (multiply(shiftOf(secondLength), first) ^ second) >>> 0;
}

/** x^(8 * bytes): what appending that many bytes does to a CRC. */
function shiftOf(bytes: number): number {
  let product = ONE;
  // A length in bytes is eight times that in bits: start three powers up. Division, as lengths may pass 32 bits.
  for (let left = bytes, n = 3; left > 0; left = Math.floor(left / 2), n += 1) {
    if (left % 2 === 1) product = multiply(POWERS[n % 32] as number, product);
  }
  return product;
}

/** Product of two polynomials over GF(2), modulo the CRC polynomial, bits reflected as in the CRC itself. */
function multiply(a: number, b: number): number {
  let product = 0;
  let factor = b;
  for (let bit = ONE; bit !== 0; bit >>>= 1) {
    if (a & bit) product ^= factor;
    factor = factor & 1 ? (factor >>> 1) ^ POLYNOMIAL : factor >>> 1;
  }
  return product >>> 0;
}

function powersOfTwo(): number[] {
  const powers = [0x40000000];
  for (let n = 1; n < 32; n += 1) {
    const last = powers[n - 1] as number;
    powers.push(multiply(last, last));
  }
  return powers;
}
