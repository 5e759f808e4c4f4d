import { evaluationUnits } from "./evaluationRules.ts"

/**
 * What the numbers of a config count or measure. Numbers without a unit say so: `unitless`. A setting that is added needs
 * an entry; a test finds the one that has none.
 */
export const units: Readonly<Record<string, string>> = {
  seed: "unitless",
  "augmentation.cropScale.min": "part of the image's area",
  "augmentation.cropScale.max": "part of the image's area",
  "augmentation.cropRatio.min": "width / height",
  "augmentation.cropRatio.max": "width / height",
  "augmentation.flip": "probability",
  "augmentation.jitter": "probability",
  "augmentation.brightness": "unitless",
  "augmentation.contrast": "unitless",
  "augmentation.blur": "probability",
  "augmentation.blurSigma.min": "pixels",
  "augmentation.blurSigma.max": "pixels",
  "encoder.layers": "blocks",
  "encoder.width": "channels",
  "encoder.featureSize": "numbers",
  "encoder.batchNormGroups": "groups",
  "dictionary.size": "keys",
  "dictionary.entryMomentum": "unitless",
  "momentum.m": "unitless",
  "loss.temperature": "unitless",
  "optimizer.learningRate": "unitless",
  "optimizer.momentum": "unitless",
  "optimizer.weightDecay": "unitless",
  "optimizer.schedule.milestones": "epochs",
  "optimizer.schedule.factor": "unitless",
  "training.epochs": "epochs",
  "training.batchSize": "images",
  ...evaluationUnits,
  "backend.threads": "threads"
}
