import type { RunConfig } from "./RunConfig.ts"
import { cifar10 } from "./recipes/cifar10.ts"
import { cifar10InstDisc } from "./recipes/cifar10InstDisc.ts"
import { cifar10V2 } from "./recipes/cifar10V2.ts"
import { fashionMnist } from "./recipes/fashionMnist.ts"
import { fashionMnist10k } from "./recipes/fashionMnist10k.ts"
import { fashionMnistQuick } from "./recipes/fashionMnistQuick.ts"
import { fashionMnistV2 } from "./recipes/fashionMnistV2.ts"
import { imagenetV1 } from "./recipes/imagenetV1.ts"
import { imagenetV2 } from "./recipes/imagenetV2.ts"
import { photos } from "./recipes/photos.ts"
import { stl10 } from "./recipes/stl10.ts"

/** Every recipe by its name. A recipe that cannot run does not stand here. */
export const recipes: Readonly<Record<string, () => RunConfig>> = {
  fashionMnist10k,
  fashionMnistQuick,
  fashionMnist,
  fashionMnistV2,
  photos,
  cifar10,
  cifar10V2,
  cifar10InstDisc,
  stl10,
  imagenetV1,
  imagenetV2
}

/** The recipe of a run that names none. */
export const defaultRecipe = "fashionMnist10k"
