import { joined } from './joined.ts';

it('draws two lines over the same times', () => {
  expect(
    joined(
      [
        [0, 0],
        [10, 100],
        [20, 200],
      ],
      [
        [5, 10],
        [15, 30],
      ],
    ),
  ).toEqual({
    times: [0, 5, 10, 15, 20],
    a: [0, 50, 100, 150, 200],
    b: [null, 10, 20, 30, null],
  });
});

it('draws what there is of one', () => {
  expect(joined([], [[3, 1]])).toEqual({ times: [3], a: [null], b: [1] });
});
