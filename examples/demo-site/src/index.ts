export { demoPages } from './demo-pages.ts';
export { renderDemoPage } from './demo-site.ts';
