// Every page in real Chromium: what `harness/every-page.mjs` asks of it.
import { testEveryPage } from '../harness/every-page.mjs';
import { useStage } from '../harness/stage.mjs';
import { pages } from '../pages.mjs';

const stage = useStage({ sample: true });

// Not of the dashboard: it has the browser's own background, which axe-core takes for white.
const REFERENCE = {
  name: 'docs',
  path: () => '/docs',
  needs: [],
  signedOut: true,
  schemes: ['light'],
};

testEveryPage(stage, [REFERENCE, ...pages]);
