/* Everything. */
#ifndef ROTGRAD_ROTGRAD_H
#define ROTGRAD_ROTGRAD_H

#include <rotgrad/argument.h>
#include <rotgrad/array.h>
#include <rotgrad/backward.h>
#include <rotgrad/budget.h>
#include <rotgrad/density.h>
#include <rotgrad/divergence.h>
#include <rotgrad/doctor.h>
#include <rotgrad/estimate.h>
#include <rotgrad/evolve.h>
#include <rotgrad/experiment.h>
#include <rotgrad/figure.h>
#include <rotgrad/folder.h>
#include <rotgrad/grid.h>
#include <rotgrad/level.h>
#include <rotgrad/manifold.h>
#include <rotgrad/memorise.h>
#include <rotgrad/particles.h>
#include <rotgrad/path.h>
#include <rotgrad/recipe.h>
#include <rotgrad/run.h>
#include <rotgrad/sample.h>
#include <rotgrad/score_error.h>
#include <rotgrad/spectral.h>
#include <rotgrad/split.h>
#include <rotgrad/status.h>
#include <rotgrad/study.h>
#include <rotgrad/transport.h>
#include <rotgrad/value.h>
#include <rotgrad/version.h>
#include <rotgrad/vti.h>

#endif
