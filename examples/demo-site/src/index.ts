export { demoPages } from './demo-pages.ts';
