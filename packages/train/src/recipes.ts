import type { RunConfig } from "./RunConfig.ts"
import { fashionMnist } from "./recipes/fashionMnist.ts"
import { fashionMnistQuick } from "./recipes/fashionMnistQuick.ts"
import { fashionMnistV2 } from "./recipes/fashionMnistV2.ts"
import { photos } from "./recipes/photos.ts"

/** Every recipe by its name. A recipe that cannot run does not stand here. */
export const recipes: Readonly<Record<string, () => RunConfig>> = {
  fashionMnistQuick,
  fashionMnist,
  fashionMnistV2,
  photos
}

/** The recipe of a run that names none. */
export const defaultRecipe = "fashionMnistQuick"
