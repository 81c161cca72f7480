import { shapeOf } from './error-shapes.ts';

it.each([
  [
    'Spider error processing <GET https://a.example/p/1?x=2> (referer: None)',
    'Spider error processing <GET #url> (referer: None)',
  ],
  ["KeyError: 'price'", 'KeyError: #'],
  [
    'Gave up retrying <GET http://b/> (failed 3 times): 503',
    'Gave up retrying <GET #url> (failed # times): #',
  ],
  ['a <Foo object at 0x7f3a2c>', 'a <Foo object at #>'],
  [
    'Error processing {"a": 1}\nTraceback (most recent call last):\n  File "x.py", line 3, in f\nValueError: no 12',
    'Error processing {#: #} ... ValueError: no #',
  ],
  ['', ''],
])('%j has the shape %j', (message, shape) => {
  expect(shapeOf(message)).toBe(shape);
});

it('has a bounded length, and takes a bounded time for any text', () => {
  expect(shapeOf('x'.repeat(1_000_000)).length).toBe(300);
  expect(shapeOf(`"${"'".repeat(100_000)}`).length).toBeLessThanOrEqual(300);
});
