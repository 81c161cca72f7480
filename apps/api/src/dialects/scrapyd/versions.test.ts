import { findVersion, latestVersion, shownNames } from './versions.ts';

const project = (latest: string, ...names: string[]) => ({
  id: 1,
  name: 'p',
  latest,
  versions: names.map((name) => ({ name, spiders: [] })),
});

describe('versions as clients see them', () => {
  it('have file names, the latest last', () => {
    expect(shownNames(project('1.10', '1.10', '1.9', '1.2'))).toEqual(['1_2', '1_9', '1_10']);
    expect(shownNames(project('abc', 'r2', 'abc', 'r10'))).toEqual(['r2', 'r10', 'abc']);
  });

  it('keep their own names where two would look the same', () => {
    expect(shownNames(project('1.0', '1_0', '1.0', '2.0'))).toEqual(['1_0', '2_0', '1.0']);
  });

  it('are found under both names, first under their own', () => {
    const both = project('1.0', '1_0', '1.0');
    expect(findVersion(both, '1_0')?.name).toBe('1_0');
    expect(findVersion(both, '1.0')?.name).toBe('1.0');
    expect(findVersion(project('1.0', '1.0'), '1_0')?.name).toBe('1.0');
    expect(findVersion(project('1.0', '1.0'), '2')).toBeUndefined();
    expect(latestVersion(both)?.name).toBe('1.0');
  });
});
