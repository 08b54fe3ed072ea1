// For tests and for the curious, in the browser's console: window.titans.

import { centered, normalize } from "./preprocess.js";

export function hook({ settings, networks, card, answeredAt }) {
  return {
    settings,
    networks,

    /** pixels: bytes of one or more images, or values that are normalized already (a Float32Array). Answers their logits. */
    async predict(pixels, name) {
      const values = pixels instanceof Float32Array ? pixels : normalize(pixels, settings);
      return [...(await networks.run(name, values)).logits];
    },

    /** Milliseconds of so many single inferences on the first photo. */
    async time(name, runs) {
      const values = normalize(settings.photos[0].pixels, settings);
      const ms = [];
      for (let run = 0; run < runs; run++) ms.push(...(await networks.run(name, values)).ms);
      return ms;
    },

    /** Milliseconds from the request for the page to the first answer. */
    firstAnswer: () => answeredAt[0],

    /** What the scorecard has measured of each network. */
    results: () => settings.models.map(({ name }) => card.measured(name)),

    normalize: (pixels) => [...normalize(pixels, settings)],
    centered: (pixels) => [...centered(pixels, settings.side)],
  };
}
