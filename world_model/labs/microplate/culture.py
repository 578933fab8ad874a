"""The biology: E. coli on glucose, ammonium and magnesium that makes GFP when IPTG is added. Equations and constants, all published.

State `7 x n`, rows in the order of `STATE`: biomass X, glucose S and acetate A in g/L, ammonium N and magnesium Mg in mM,
immature and mature GFP, both as the biomass whose proteome they would fill (g/L), so that (P + M) / X is GFP's share of the proteome.

    burden     b    = max(0, 1 − φ/φ_c),   φ = (P + M)/X
    glucose    q_S  = γ b · q_Smax · S/(K_S + S + S²/K_I) / (1 + A/K_iS) · N/(K_N + N) · Mg/(K_Mg + Mg)
    oxygen     q_O  = min(γ b · q_Omax/(1 + A/K_iO), OTR/X)
    oxidised   q_ox = min(q_S, (q_O/Y_OS − γ q_m y) / (1 − y)),   y = Y_ox C_x/C_s, the carbon of it that goes into cells
    overflow   q_of = q_S − q_ox
    acetate    q_A  = min(γ b · q_Amax · A/(K_A + A) · N/(K_N + N) · Mg/(K_Mg + Mg), what is left of q_O / Y_OA / (1 − Y_A C_x/C_a))
    synthesis  g    = Y_ox q_ox + Y_of q_of + Y_A q_A
    dX/dt = (g − γ q_m Y_ox) X     dS/dt = −q_S X     dA/dt = (Y_AS (1 − Y_of C_x/C_s) q_of − q_A) X
    dN/dt = −n_X g X               dMg/dt = −m_X g X
    dP/dt = f(IPTG) g X − k_m P    dM/dt = k_m P

Carbon and oxygen follow the overflow model of Xu, Jahic and Enfors (1999): Monod uptake, Pirt maintenance q_m, and acetate from
the glucose for which there is no oxygen, be it the cell's respiration that is full or the plate's oxygen transfer that is spent.
Glucose also inhibits its own uptake (Andrews 1968). Nitrogen and magnesium are further essential nutrients (Monod product). Protein
that the cell does not need slows it linearly (Scott et al. 2010). The lac promoter answers IPTG as an allosteric repressor does
(Razo-Mejia et al. 2018). Temperature γ scales what the cells do (Rosso et al. 1993).

Not in the model: pH, osmolarity and lag. Excess ammonium does not harm E. coli by itself (Müller et al. 2006, Curr. Microbiol. 52:400).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

STATE = ("biomass", "glucose", "acetate", "ammonium", "magnesium", "immature GFP", "mature GFP")
GLUCOSE_G_PER_MOL = 180.156


@dataclass(frozen=True, kw_only=True)
class Constants:
    """Every constant with its unit and its source. They were fixed before any planner met this lab."""

    # Xu, Jahic, Enfors (1999) Biotechnol. Prog. 15:81, E. coli W3110 on glucose minimal medium: all constants of carbon and oxygen.
    # With excess of everything they give 0.59 1/h, what E. coli K-12 does on glucose minimal medium at 37 °C.
    glucose_uptake_g_per_g_h: float = 1.30
    glucose_half_g_per_l: float = 0.05
    acetate_inhibits_uptake_g_per_l: float = 5.0
    oxygen_uptake_g_per_g_h: float = 15.6 * 31.998 / 1000.0
    acetate_inhibits_respiration_g_per_l: float = 4.0
    acetate_uptake_g_per_g_h: float = 0.06
    acetate_half_g_per_l: float = 0.05
    maintenance_g_per_g_h: float = 0.04
    yield_oxidised: float = 0.51
    yield_overflow: float = 0.15
    yield_acetate: float = 0.40
    acetate_per_glucose: float = 0.667
    oxygen_per_glucose: float = 1.067
    oxygen_per_acetate: float = 1.067
    carbon_mol_per_g_glucose: float = 1 / 30
    carbon_mol_per_g_acetate: float = 1 / 30
    carbon_mol_per_g_biomass: float = 0.04
    # Duetz et al. (2000) Appl. Environ. Microbiol. 66:2641, 96-well plates at 300 rpm: 38 mmol O2 per litre and hour on an orbit of
    # 5 cm, a third of it on one of 2.5 cm. A reader's orbit is a small one.
    oxygen_transfer_g_per_l_h: float = 38.0 / 3 * 31.998 / 1000.0
    # Lee (1996) Trends Biotechnol. 14:98: glucose inhibits E. coli above 50 g/L; read as the constant of Andrews' term
    # (Andrews 1968, Biotechnol. Bioeng. 10:707).
    glucose_inhibits_g_per_l: float = 50.0
    # Neidhardt, Ingraham, Schaechter (1990) Physiology of the Bacterial Cell: 14 % of the dry mass is nitrogen.
    nitrogen_mmol_per_g: float = 10.0
    # Kim et al. (2012) Mol. Syst. Biol. 8:616: growth keeps its rate down to micromolar ammonium, then stops sharply. Any
    # constant far below what a medium holds does that; this one is wide enough for steps of a minute.
    nitrogen_half_mm: float = 0.2
    # Moncany, Kellenberger (1981) Experientia 37:846: 100 mM in the cell, nearly all of it bound; 3 mL of cell per g dry mass.
    magnesium_mmol_per_g: float = 0.3
    # Kehres, Maguire (2002) BioMetals 15:261: the transporter CorA is half saturated at 15 µM.
    magnesium_half_mm: float = 0.015
    # Scott, Gunderson, Mateescu, Zhang, Hwa (2010) Science 330:1099: growth falls linearly and would end at 48 % of the proteome.
    burden_limit: float = 0.48
    # Dong, Nilsson, Kurland (1995) J. Bacteriol. 177:1497: an induced gene reaches about 30 % of the cell's protein.
    share_at_full_induction: float = 0.30
    # Razo-Mejia et al. (2018) Cell Syst. 6:456, at 37 °C in M9 glucose, without lac permease: operator O2, 260 repressors a cell.
    iptg_active_um: float = 139.0
    iptg_inactive_um: float = 0.53
    allosteric_kt: float = 4.5
    operator_kt: float = -13.9
    repressors: float = 260.0
    genome_sites: float = 4.6e6
    # Balleza, Kim, Cluzel (2018) Nat. Methods 15:47: superfolder GFP, half mature after 13.6 min at 37 °C.
    maturation_half_h: float = 13.6 / 60.0
    # Rosso, Lobry, Flandrois (1993) J. Theor. Biol. 162:447: cardinal temperatures of E. coli.
    coldest_c: float = 4.9
    best_c: float = 41.3
    hottest_c: float = 47.5
    # Soini, Ukkonen, Neubauer (2008) Microb. Cell Fact. 7:26: 0.3 to 0.4 g dry mass per litre and OD600 unit.
    biomass_g_per_l_od: float = 0.37


PUBLISHED = Constants()


def temperature_factor(temperature_c: np.ndarray | float, constants: Constants = PUBLISHED) -> np.ndarray:
    """Rates at a temperature relative to 37 °C, 0 outside the range of growth: cardinal temperatures with inflection.

    Source: Rosso et al. (1993), equation of the CTMI.
    """

    def cardinal(t: np.ndarray) -> np.ndarray:
        low, best, high = constants.coldest_c, constants.best_c, constants.hottest_c
        above = (t - high) * (t - low) ** 2
        below = (best - low) * ((best - low) * (t - best) - (best - high) * (best + low - 2 * t))
        return np.where((t > low) & (t < high), above / below, 0.0)

    relative: np.ndarray = cardinal(np.asarray(temperature_c, dtype=float)) / cardinal(np.asarray(37.0))
    return relative


def induced_share(iptg_mm: np.ndarray | float, constants: Constants = PUBLISHED) -> np.ndarray:
    """The share of new protein that is GFP at an IPTG concentration in mM; above 0 without any, for the promoter leaks.

    Source: Razo-Mejia et al. (2018), eq. 5: fold-change of simple repression by an allosteric repressor with two sites.
    """
    iptg_um = 1000.0 * np.asarray(iptg_mm, dtype=float)
    active = (1 + iptg_um / constants.iptg_active_um) ** 2
    inactive = np.exp(-constants.allosteric_kt) * (1 + iptg_um / constants.iptg_inactive_um) ** 2
    bound = active / (active + inactive) * constants.repressors / constants.genome_sites * np.exp(-constants.operator_kt)
    share: np.ndarray = constants.share_at_full_induction / (1 + bound)
    return share


def rates(state: np.ndarray, share: np.ndarray, warmth: np.ndarray, constants: Constants = PUBLISHED) -> np.ndarray:
    """Time derivatives of the state, per hour.

    Args:
        state: `7 x n`.
        share: `n`, GFP's share of new protein now.
        warmth: `n`, `temperature_factor` of each well.

    Returns:
        `7 x n`.
    """
    c = constants
    biomass, glucose, acetate, nitrogen, magnesium, immature, mature = state
    per_biomass = 1 / biomass
    able = warmth * np.maximum(1 - (immature + mature) * per_biomass / c.burden_limit, 0.0)
    # Products of Monod terms under one fraction: divisions cost most of the time here.
    fed = able * nitrogen * magnesium / ((c.nitrogen_half_mm + nitrogen) * (c.magnesium_half_mm + magnesium))
    half = c.glucose_half_g_per_l + glucose * (1 + glucose / c.glucose_inhibits_g_per_l)
    taken = (c.glucose_uptake_g_per_g_h * fed) * glucose / (half * (1 + acetate / c.acetate_inhibits_uptake_g_per_l))
    oxygen = np.minimum(
        c.oxygen_uptake_g_per_g_h * able / (1 + acetate / c.acetate_inhibits_respiration_g_per_l), c.oxygen_transfer_g_per_l_h * per_biomass
    )
    into_cells = c.yield_oxidised * c.carbon_mol_per_g_biomass / c.carbon_mol_per_g_glucose
    upkeep = c.maintenance_g_per_g_h * warmth
    oxidised = np.minimum(taken, np.maximum(oxygen / c.oxygen_per_glucose - upkeep * into_cells, 0.0) / (1 - into_cells))
    overflow = taken - oxidised
    spent = c.oxygen_per_glucose * (oxidised - (oxidised - upkeep) * into_cells)
    acetate_burnt = 1 - c.yield_acetate * c.carbon_mol_per_g_biomass / c.carbon_mol_per_g_acetate
    reused = np.minimum(
        c.acetate_uptake_g_per_g_h * fed * acetate / (c.acetate_half_g_per_l + acetate),
        np.maximum(oxygen - spent, 0.0) / (c.oxygen_per_acetate * acetate_burnt),
    )
    excreted = c.acetate_per_glucose * (1 - c.yield_overflow * c.carbon_mol_per_g_biomass / c.carbon_mol_per_g_glucose)
    made = (c.yield_oxidised * oxidised + c.yield_overflow * overflow + c.yield_acetate * reused) * biomass
    matured = (np.log(2) / c.maturation_half_h) * immature
    change = np.empty_like(state)
    change[0] = made - upkeep * c.yield_oxidised * biomass
    change[1] = -taken * biomass
    change[2] = (excreted * overflow - reused) * biomass
    change[3] = -c.nitrogen_mmol_per_g * made
    change[4] = -c.magnesium_mmol_per_g * made
    change[5] = share * made - matured
    change[6] = matured
    return change
