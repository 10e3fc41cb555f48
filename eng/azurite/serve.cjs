// Serves blobs until standard input ends, so that the server goes with the process that started it, however that one ends.
process.stdin.on('end', () => process.exit(0));
process.stdin.on('error', () => process.exit(0));
process.stdin.resume();
require('azurite/dist/src/blob/main.js');
