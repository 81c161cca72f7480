/** Packages of ours are their sources for jest itself too, so that it knows which tests a change of one touches. */
module.exports = (request, options) =>
  options.defaultResolver(request, {
    ...options,
    conditions: ['@spiderhub/source', ...(options.conditions ?? ['node', 'require', 'default'])],
  });
