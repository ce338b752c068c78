#pragma once

// All of tandem.
#include <tandem/call.h>
#include <tandem/creation.h>
#include <tandem/device.h>
#include <tandem/devices.h>
#include <tandem/dims.h>
#include <tandem/dtype.h>
#include <tandem/elementwise.h>
#include <tandem/errors.h>
#include <tandem/expr.h>
#include <tandem/imap.h>
#include <tandem/index.h>
#include <tandem/io.h>
#include <tandem/machine.h>
#include <tandem/manipulation.h>
#include <tandem/memory.h>
#include <tandem/ndarray.h>
#include <tandem/parallel.h>
#include <tandem/planning.h>
#include <tandem/policy.h>
#include <tandem/products.h>
#include <tandem/report.h>
#include <tandem/scalar.h>
#include <tandem/simulation.h>
#include <tandem/statistics.h>
