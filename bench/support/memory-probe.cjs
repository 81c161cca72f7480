// Loaded before a process that is measured, with --expose-gc: answers `memory` on its channel with what is left after a collection.
process.on('message', (message) => {
  if (message !== 'memory') return;
  global.gc();
  setTimeout(() => {
    global.gc();
    const { heapUsed, external, arrayBuffers } = process.memoryUsage();
    process.send({ memory: heapUsed + external, arrayBuffers });
  }, 200);
});
