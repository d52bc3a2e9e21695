import { attempt } from './attempt.ts';
import { specimen } from './corpus.ts';
import { mutationOf } from './mutation.ts';

const m = specimen('fashion-mnist');
const { bytes, what, dice } = mutationOf(m, Number(process.argv[2]));
console.log(what);
console.log(attempt(bytes, dice));
