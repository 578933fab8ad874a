"""Small models of our own, with known closed forms."""

from __future__ import annotations

import pytest

MATH = 'xmlns="http://www.w3.org/1998/Math/MathML"'
LOGISTIC = f"""<?xml version="1.0" encoding="UTF-8"?>
<sbml xmlns="http://www.sbml.org/sbml/level3/version1/core" level="3" version="1"><model id="logistic">
<listOfCompartments><compartment id="c" size="2" constant="true" spatialDimensions="3"/></listOfCompartments>
<listOfSpecies>
  <species id="N" compartment="c" initialConcentration="0.1" boundaryCondition="false" hasOnlySubstanceUnits="false" constant="false"/>
</listOfSpecies>
<listOfParameters><parameter id="r" value="0.8" constant="true"/><parameter id="K" value="2" constant="true"/></listOfParameters>
<listOfReactions><reaction id="growth" reversible="false" fast="false">
  <listOfProducts><speciesReference species="N" stoichiometry="1" constant="true"/></listOfProducts>
  <kineticLaw><math {MATH}><apply><times/><ci>c</ci><ci>r</ci><ci>N</ci>
    <apply><minus/><cn>1</cn><apply><divide/><ci>N</ci><ci>K</ci></apply></apply></apply></math></kineticLaw>
</reaction></listOfReactions></model></sbml>"""

# S -> P by k * drive * S; P -> nothing by a constant of the reaction; S starts at 2 * base
CHAIN = f"""<?xml version="1.0" encoding="UTF-8"?>
<sbml xmlns="http://www.sbml.org/sbml/level3/version1/core" level="3" version="1"><model id="chain">
<listOfCompartments><compartment id="c" size="1" constant="true" spatialDimensions="3"/></listOfCompartments>
<listOfSpecies>
  <species id="S" compartment="c" boundaryCondition="false" hasOnlySubstanceUnits="false" constant="false"/>
  <species id="P" compartment="c" initialConcentration="0" boundaryCondition="false" hasOnlySubstanceUnits="false" constant="false"/>
  <species id="drive" compartment="c" initialConcentration="1" boundaryCondition="true" hasOnlySubstanceUnits="false" constant="false"/>
</listOfSpecies>
<listOfParameters><parameter id="k" value="0.5" constant="true"/><parameter id="base" value="3" constant="true"/>
  <parameter id="twice" constant="true"/><parameter id="total" constant="false"/></listOfParameters>
<listOfInitialAssignments>
  <initialAssignment symbol="twice"><math {MATH}><apply><times/><cn>2</cn><ci>base</ci></apply></math></initialAssignment>
  <initialAssignment symbol="S"><math {MATH}><ci>twice</ci></math></initialAssignment>
</listOfInitialAssignments>
<listOfRules><assignmentRule variable="total"><math {MATH}><apply><plus/><ci>S</ci><ci>P</ci></apply></math></assignmentRule></listOfRules>
<listOfReactions>
 <reaction id="turn" reversible="false" fast="false">
  <listOfReactants><speciesReference species="S" stoichiometry="1" constant="true"/></listOfReactants>
  <listOfProducts><speciesReference species="P" stoichiometry="1" constant="true"/></listOfProducts>
  <listOfModifiers><modifierSpeciesReference species="drive"/></listOfModifiers>
  <kineticLaw><math {MATH}><apply><times/><ci>c</ci><ci>k</ci><ci>drive</ci><ci>S</ci></apply></math></kineticLaw></reaction>
 <reaction id="loss" reversible="false" fast="false">
  <listOfReactants><speciesReference species="P" stoichiometry="1" constant="true"/></listOfReactants>
  <kineticLaw><math {MATH}><apply><times/><ci>c</ci><ci>d</ci><ci>P</ci></apply></math>
   <listOfLocalParameters><localParameter id="d" value="0.2"/></listOfLocalParameters></kineticLaw></reaction>
</listOfReactions></model></sbml>"""


@pytest.fixture
def logistic() -> str:
    return LOGISTIC


@pytest.fixture
def chain() -> str:
    return CHAIN
